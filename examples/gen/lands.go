package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// name is one name in its own script and as it stands in an e-mail address.
type name struct{ native, latin string }

// land is one country of the list: how many people, what they are called, which numbers are nobody's.
type land struct {
	code          string
	people        int
	locales       []string
	regions       []string
	given, family []name
	familyFirst   bool
	joiner        string
	phone         func(k int) string // k counts the people of the country from 1
	street        string             // with one %d for the number
}

func (l *land) join(given, family string) string {
	if l.familyFirst {
		return family + l.joiner + given
	}
	return given + l.joiner + family
}

func (l *land) address(r *rand.Rand) string { return fmt.Sprintf(l.street, 1+r.IntN(180)) }

// special is a number with an ending that makes the simulators answer in a certain way.
func (l *land) special(n int, ending string) string {
	if l.code == "HK" {
		return fmt.Sprintf("+852%03d%s", n%1000, ending)
	}
	return fmt.Sprintf("+86194%03d%s", n%1000, ending)
}

// names reads "native|latin native|latin"; a name without | is its own, in small letters.
func names(s string) []name {
	var out []name
	for _, f := range strings.Fields(s) {
		native, latin, ok := strings.Cut(f, "|")
		if !ok {
			latin = strings.ToLower(native)
		}
		out = append(out, name{native, latin})
	}
	return out
}

var (
	enGiven  = names("Amara Ben Chloe Daniel Ella Femi Grace Harvey Isla Jonah Kiran Lucy Mason Nadia Owen Priya Quentin Ruth Sam Tessa")
	enFamily = names("Adeyemi Bishop Carter Dawson Ellis Foster Green Hughes Ingram Jacobs Knight Lawson Morgan Nolan Osborne Parker Quinn Reed Shaw Turner")
	zhGiven  = names("子涵|zihan 雨桐|yutong 浩然|haoran 欣怡|xinyi 思远|siyuan 梦琪|mengqi 建国|jianguo 静|jing 磊|lei 晓明|xiaoming 婉清|wanqing 志强|zhiqiang 佳宁|jianing 俊杰|junjie 若曦|ruoxi 明轩|mingxuan 丽华|lihua 天宇|tianyu 可欣|kexin 振华|zhenhua")
	zhFamily = names("王|wang 李|li 张|zhang 刘|liu 陈|chen 杨|yang 赵|zhao 黄|huang 周|zhou 吴|wu 徐|xu 孙|sun 胡|hu 朱|zhu 高|gao 林|lin 何|he 郭|guo 欧阳|ouyang 司马|sima")
	hkGiven  = names("嘉欣|kayan 俊傑|chunkit 詠詩|wingsze 家豪|kaho 曉彤|hiutung 志明|chiming 穎芝|wingchi 梓軒|tszhin")
	hkFamily = names("陳|chan 李|lee 黃|wong 張|cheung 林|lam 梁|leung 何|ho 鄭|cheng")
	twGiven  = names("雅婷|yating 冠宇|guanyu 怡君|yijun 承恩|chengen 家瑜|jiayu 柏翰|bohan 淑芬|shufen 品妍|pinyan")
	twFamily = names("陳|chen 林|lin 黃|huang 張|chang 吳|wu 蔡|tsai 楊|yang 許|hsu")
	deGiven  = names("Anke Björn|bjoern Claudia Dieter Eva Felix Gerda Jürgen|juergen Käthe|kaethe Lukas Mia Uwe")
	deFamily = names("Albrecht Böhm|boehm Dietrich Engel Fuchs Großmann|grossmann Hartmann Jäger|jaeger Kühn|kuehn Lorenz")
	frGiven  = names("Amélie|amelie Baptiste Chloé|chloe Damien Élise|elise Fabien Gaëlle|gaelle Hugo Inès|ines Loïc|loic")
	frFamily = names("Arnaud Besnard Chevalier Delorme Évrard|evrard Fontaine Gauthier Hébert|hebert Lambert Mercier")
	ptGiven  = names("Ana Bruno Camila Diego Érica|erica Fábio|fabio Gabriela Heitor Ísis|isis João|joao")
	ptFamily = names("Almeida Barbosa Cardoso Duarte Esteves Ferreira Gonçalves|goncalves Lima Magalhães|magalhaes Nogueira")
	jaGiven  = names("陽菜|hina 蓮|ren 結衣|yui 大翔|hiroto 美咲|misaki 健太|kenta さくら|sakura 悠真|yuma")
	jaFamily = names("佐藤|sato 鈴木|suzuki 高橋|takahashi 田中|tanaka 渡辺|watanabe 伊藤|ito 中村|nakamura 小林|kobayashi")
	koGiven  = names("서연|seoyeon 민준|minjun 지우|jiwoo 하윤|hayun 도윤|doyun 수아|sua 예준|yejun 은우|eunwoo")
	koFamily = names("김|kim 이|lee 박|park 최|choi 정|jung 강|kang 조|cho 윤|yoon")
	hiGiven  = names("कविता|kavita अर्जुन|arjun दीपिका|deepika रोहन|rohan मीरा|meera विवेक|vivek अनन्या|ananya संजय|sanjay")
	hiFamily = names("पटेल|patel शर्मा|sharma गुप्ता|gupta सिंह|singh अय्यर|iyer चौधरी|chaudhary जोशी|joshi मेहता|mehta")
)

// fictional are the mobile numbers that Australia keeps for fiction, without the leading 0491.
var fictional = []int{570006, 570110, 570156, 570157, 570158, 570159, 570313, 570737, 571266, 571491, 571804, 572549, 572665, 572983}

// area codes of the United States; with the exchange 555, 0100 to 0199 are kept for fiction.
var areas = []int{202, 206, 212, 213, 303, 305, 312, 404, 415, 503, 512, 602, 617, 702, 808}

// lands, largest first. Numbers: CN 194 is not assigned; GB, AU, DE, FR and US keep ranges for fiction;
// the others begin with digits that no number of the country begins with.
var lands = []land{
	{code: "CN", people: 550, locales: []string{"zh-CN"}, regions: []string{"CN-BJ", "CN-SH", "CN-GD", "CN-ZJ", "CN-SC", "CN-HB", "CN-SN", "CN-HL"},
		given: zhGiven, family: zhFamily, familyFirst: true, street: "灯火市示例路%d号3单元502室",
		phone: func(k int) string { return fmt.Sprintf("+86194%04d%04d", k, 1000+k) }},
	{code: "US", people: 90, locales: []string{"en-US", "en-US", "es-US", "zh-CN"}, regions: []string{"US-CA", "US-NY", "US-TX", "US-WA", "US-MA"},
		given: enGiven, family: enFamily, joiner: " ", street: "%d Example St, Springfield",
		phone: func(k int) string { return fmt.Sprintf("+1%d55501%02d", areas[k%len(areas)], k/len(areas)) }},
	{code: "HK", people: 60, locales: []string{"zh-HK", "zh-HK", "en-HK"}, given: hkGiven, family: hkFamily, familyFirst: true, street: "香港示例街%d號2樓",
		phone: func(k int) string { return fmt.Sprintf("+8520001%04d", k) }},
	{code: "GB", people: 60, locales: []string{"en-GB"}, given: enGiven, family: enFamily, joiner: " ", street: "%d Sample Row, Anytown",
		phone: func(k int) string { return fmt.Sprintf("+447700900%03d", 10+k) }},
	{code: "TW", people: 50, locales: []string{"zh-TW"}, given: twGiven, family: twFamily, familyFirst: true, street: "範例市範例路%d號5樓",
		phone: func(k int) string { return fmt.Sprintf("+88690001%04d", k) }},
	{code: "SG", people: 40, locales: []string{"en-SG", "zh-SG"}, given: zhGiven, family: zhFamily, familyFirst: true, street: "%d Sample Rise, #05-01",
		phone: func(k int) string { return fmt.Sprintf("+650001%04d", k) }},
	{code: "DE", people: 40, locales: []string{"de-DE"}, given: deGiven, family: deFamily, joiner: " ", street: "Musterstraße %d, Musterstadt",
		phone: func(k int) string { return fmt.Sprintf("+491713920%03d", 10+k) }},
	{code: "FR", people: 25, locales: []string{"fr-FR"}, given: frGiven, family: frFamily, joiner: " ", street: "%d rue de l'Exemple, Exempleville",
		phone: func(k int) string { return fmt.Sprintf("+3363998%04d", k) }},
	{code: "BR", people: 25, locales: []string{"pt-BR"}, given: ptGiven, family: ptFamily, joiner: " ", street: "Rua do Exemplo, %d - Cidade Exemplo",
		phone: func(k int) string { return fmt.Sprintf("+552190001%04d", k) }},
	{code: "JP", people: 20, locales: []string{"ja-JP"}, given: jaGiven, family: jaFamily, familyFirst: true, joiner: " ", street: "見本市例町%d-2-3",
		phone: func(k int) string { return fmt.Sprintf("+8190001%05d", 10000+k) }},
	{code: "KR", people: 15, locales: []string{"ko-KR"}, given: koGiven, family: koFamily, familyFirst: true, street: "예시시 예시로 %d",
		phone: func(k int) string { return fmt.Sprintf("+8210001%05d", 10000+k) }},
	{code: "IN", people: 15, locales: []string{"hi-IN", "en-IN"}, given: hiGiven, family: hiFamily, joiner: " ", street: "%d, Sample Road, Udaharan Nagar",
		phone: func(k int) string { return fmt.Sprintf("+915555%06d", 110000+k) }},
	{code: "AU", people: 10, locales: []string{"en-AU"}, given: enGiven, family: enFamily, joiner: " ", street: "%d Example Pde, Sampleton",
		phone: func(k int) string { return fmt.Sprintf("+61491%06d", fictional[k%len(fictional)]) }},
}
